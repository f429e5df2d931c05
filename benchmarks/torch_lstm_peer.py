"""Truncated BPTT, and BPTT, of PyTorch's own LSTM layer: ``--variant truncated-bptt|bptt``.

Its units have h = o tanh(c), as ours in these benchmarks.
"""

import time

from benchmarks import sequences, worker


def main() -> None:
    """One process: build, then the batches of one round."""
    args = worker.arguments()
    torch = worker.find("torch", "PyTorch", "pip install torch==2.13.0")
    if torch is None:
        return
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    net = sequences.WORKLOADS[args.workload]
    interval = net.interval if args.variant == "truncated-bptt" else net.steps
    begin = time.perf_counter()
    layer = torch.nn.LSTM(net.inputs, net.units)
    readout = torch.nn.Linear(net.units, net.outputs)
    parts = [layer, readout]
    embedding = None
    if net.words is not None:
        embedding = torch.nn.Embedding(net.words, net.inputs, sparse=True)
        parts.append(embedding)
    weights = [each for part in parts for each in part.parameters()]
    optimizer = torch.optim.Adam(weights, lr=net.learning_rate) if net.words is None \
        else torch.optim.SGD(weights, lr=net.learning_rate)
    arrays = net.arrays()
    whole = torch.long if net.words is not None else torch.float32
    inputs, targets = (torch.tensor(array, dtype=whole) for array in arrays[:2])
    active = torch.tensor(arrays[2], dtype=torch.float32)
    flat = torch.nn.CrossEntropyLoss(reduction="none") if net.words is not None \
        else torch.nn.BCEWithLogitsLoss(reduction="none")

    def sequence() -> float:
        state = tuple(torch.zeros(1, net.batch, net.units) for _ in range(2))
        total = 0.0
        for start in range(0, net.steps, interval):
            steps = slice(start, start + interval)
            optimizer.zero_grad(set_to_none=True)
            given = inputs[steps] if embedding is None else embedding(inputs[steps])
            h, state = layer(given, tuple(each.detach() for each in state))
            y = readout(h)
            if net.words is not None:
                losses = flat(y.reshape(-1, net.outputs), targets[steps].reshape(-1))
                loss = losses.sum() / net.batch
            else:
                loss = (flat(y, targets[steps]).sum((1, 2)) * active[steps]).sum() / net.batch
            loss.backward()
            if net.words is not None:
                dense = [each for each in weights if each is not embedding.weight]
                torch.nn.utils.clip_grad_norm_(dense, 5.0)
            optimizer.step()
            total += loss.item()
        return total

    def measure() -> dict[str, float]:
        stopwatch = worker.Stopwatch()
        for _ in range(net.repetitions):
            error = sequence()
        return {**stopwatch.read(), "error": error}

    updates = net.repetitions * -(-net.steps // interval)
    worker.serve(measure, peer=f"PyTorch {torch.__version__}, {args.variant}", updates=updates,
                 tokens=net.tokens, build_s=time.perf_counter() - begin)


if __name__ == "__main__":
    main()
