"""Our machines for learning in intervals: ``--variant MACHINE,RULE``, float32."""

import os

from benchmarks import sequences, worker


def main() -> None:
    """One process: build, then the batches of one round."""
    args = worker.arguments()
    machine, rule = args.variant.split(",")
    if machine == "jax":
        worker.keep_to(args.threads)
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        os.environ["JAX_PLATFORMS"] = {"cpu": "cpu", "gpu": "cuda"}[args.device]
    intervals = worker.find("pynn_eprop.intervals", "pynn_eprop.intervals", "pip install -e .[jax]")
    if intervals is None:
        return
    from pynn_eprop.errors import MissingDependencyError
    from pynn_eprop.intervals.network import BINARY, SOFTMAX
    from pynn_eprop.models.optimizers import SGD, Adam

    net = sequences.WORKLOADS[args.workload]
    network = intervals.UnitNetwork(
        net.units, net.inputs, net.outputs, loss=BINARY if net.words is None else SOFTMAX,
        words=net.words, tanh_output=True)
    optimizer = Adam(net.learning_rate) if net.words is None else SGD(net.learning_rate)
    learning = intervals.IntervalLearning(
        intervals.INTERVAL_RULES[rule], net.batch, net.interval, optimizer,
        clip=None if net.words is None else 5.0,
        synthetic=intervals.SyntheticGradients(net.hidden, optimizer=Adam(1e-3)))
    stopwatch = worker.Stopwatch()
    try:
        running = intervals.build_machine(
            network, learning, network.first_parameters(1, uniform=0.1), 1, machine, "float32",
            threads=args.threads)
    except (MissingDependencyError, RuntimeError) as error:     # JAX without such a device
        worker.send(missing=f"{machine}: {error}")
        return
    inputs, targets, active = net.arrays()

    def measure() -> dict[str, float]:
        stopwatch = worker.Stopwatch()
        for _ in range(net.repetitions):
            running.start()
            error = running.train(inputs, targets, active)
        return {**stopwatch.read(), "error": error}

    updates = net.repetitions if learning.rule.whole else net.updates
    where = "" if args.device == "cpu" else f" on {args.device}"
    worker.serve(measure, peer=f"{machine}{where}, {rule}", updates=updates, tokens=net.tokens,
                 build_s=stopwatch.read()["seconds"])


if __name__ == "__main__":
    main()
