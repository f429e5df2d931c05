"""Our host engine on the benchmark networks, through a PyNN script."""

from benchmarks import report, script, worker

#: Updates timed in one round: task 1.1's take about a millisecond, less than a timer's noise.
UPDATES = {"pattern": 50, "sparse": 1, "store-recall": 1, "speech": 1}


def main() -> None:
    """One process."""
    args = worker.arguments()
    sim = worker.find("pynn_eprop.host", "pynn_eprop.host", "pip install -e .")
    if sim is not None:
        script.serve(sim, args.workload, args.cells, args.rounds, report.OURS,
                     UPDATES[args.workload], threads=args.threads)


if __name__ == "__main__":
    main()
