"""Our JAX machine on the benchmark networks, through a PyNN script: e-prop or BPTT."""

import os

from benchmarks import script, worker

NAMES = {"eprop": "e-prop", "bptt": "BPTT"}
#: Updates timed in one round, all in one run.
UPDATES = {"pattern": 5, "store-recall": 1, "speech": 1}


def main() -> None:
    """One process."""
    args = worker.arguments()
    worker.keep_to(args.threads)
    # so that runs of others on the same GPU find memory
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    sim = worker.find("pynn_eprop.jax", "pynn_eprop.jax", "pip install -e .[jax]")
    if sim is None:
        return
    from pynn_eprop.errors import SetupError

    try:
        sim.setup(device=args.device)
    except SetupError as error:
        worker.send(missing=str(error))
        return
    gradient = args.variant or "eprop"
    label = f"pynn_eprop.jax {NAMES[gradient]}"
    script.serve(sim, args.workload, args.cells, args.rounds,
                 label if args.device == "cpu" else f"{label} on {args.device}",
                 UPDATES[args.workload], gradient=gradient, device=args.device)


if __name__ == "__main__":
    main()
