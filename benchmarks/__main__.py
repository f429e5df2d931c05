"""``python -m benchmarks``: our engine beside its peers, in turn, in one run.

Peers are processes of their own and take turns round by round, so that a change in the machine's
load meets them all. The first round of each is not counted: NEST applies the updates of an
interval in the next one, and others warm up.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks import large, memory, processes, report, sequences
from benchmarks.peer import Contender, Peer

OURS = "host"
MODULES = {
    OURS: "benchmarks.host_peer", "jax": "benchmarks.jax_peer", "nest": "benchmarks.nest_peer",
    "torch": "benchmarks.torch_peer", "braintrace": "benchmarks.braintrace_peer",
    "intervals": "benchmarks.intervals_peer", "torch-lstm": "benchmarks.torch_lstm_peer",
    "bare-loop": "benchmarks.bare_loop_peer",
}
_JAX = tuple(Contender("jax", variant, device)
             for device in ("cpu", "gpu") for variant in ("eprop", "bptt"))
_RULES = ("truncated-bptt", "truncated-bptt-sg", "eprop1", "traces", "eprop3", "truncated-traces",
          "bptt")
_INTERVALS = (
    *(Contender("intervals", f"compiled,{rule}") for rule in _RULES),
    *(Contender("intervals", f"jax,{rule}", device) for device in ("cpu", "gpu")
      for rule in ("truncated-bptt", "traces", "eprop3")),
    *(Contender("torch-lstm", variant) for variant in ("truncated-bptt", "bptt")))
WORKLOADS = {
    "pattern": (Contender(OURS), Contender("bare-loop", "32"), Contender("bare-loop", "64"), *_JAX,
                Contender("nest"), Contender("torch"),
                Contender("braintrace", "online"), Contender("braintrace", "windows")),
    "store-recall": (Contender(OURS), *_JAX, Contender("torch")),
    "speech": (Contender(OURS), *_JAX),
    "sparse": (Contender(OURS), Contender("nest")),
    **{name: _INTERVALS for name in sequences.WORKLOADS},
}
OURS_ALONE = {"processes": processes, "large": large, "memory": memory}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workloads", nargs="+", default=[*WORKLOADS, *OURS_ALONE],
                        choices=[*WORKLOADS, *OURS_ALONE])
    parser.add_argument("--peers", nargs="+", default=list(MODULES), choices=list(MODULES))
    parser.add_argument("--device", nargs="+", default=["cpu", "gpu"], choices=["cpu", "gpu"],
                        help="what to measure on, for peers that can use a GPU")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each peer")
    parser.add_argument("--cells", type=int, help="another number of cells, for a quick look")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    for name in MODULES:
        parser.add_argument(f"--{name}-python", default=sys.executable,
                            help=f"interpreter for the {name} peer")
    return parser.parse_args()


def side_by_side(name: str, threads: int, args: argparse.Namespace) -> list[dict[str, Any]]:
    """One workload at one number of threads: a row for each contender, ours first."""
    rounds = args.rounds + 1
    peers = []
    for contender in WORKLOADS[name]:
        if contender.peer not in args.peers or contender.device not in args.device:
            continue
        interpreter = getattr(args, f"{contender.peer.replace('-', '_')}_python")
        started = Peer(interpreter, MODULES[contender.peer], contender, name, args.cells, threads,
                       rounds)
        if started.missing:
            print(f"  {contender}: not measured, {started.missing}", flush=True)
        else:
            peers.append(started)
    for turn in range(rounds):
        for peer in peers:
            answer = peer.round()
            note = " (not counted)" if turn == 0 else ""
            print(f"  {peer.about['peer']}: {answer['seconds']:.4g} s{note}", flush=True)
    rows = [peer.finish() for peer in peers]
    for row in rows:
        row.update(workload=name, threads=threads)
    return rows


def main() -> None:
    """Measure, print ratios, and write a file for each workload, and ``results.md``."""
    args = parse()
    command = report.command(args)
    machine = report.machine()
    for name in (w for w in args.workloads if w in WORKLOADS):
        rows = []
        for threads in args.threads:
            print(f"{name}, {threads} thread{'s' * (threads > 1)}", flush=True)
            measured = side_by_side(name, threads, args)
            print(report.table_of(name)(measured), flush=True)
            rows += measured
        report.write(args.out / f"{name}.json", command, machine, rows)
    for name, part in OURS_ALONE.items():
        if name in args.workloads:
            print(name, flush=True)
            rows = part.measure(args.host_python)
            if not rows:
                continue
            print(report.table_of(name)(rows), flush=True)
            report.write(args.out / f"{name}.json", command, machine, rows)
            if part is large:
                large.draw(rows, args.out / "large.svg")
    (args.out / "results.md").write_text(report.summary(args.out))


if __name__ == "__main__":
    main()
