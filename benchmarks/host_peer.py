"""Our host engine on the benchmark networks, through a PyNN script."""

from benchmarks import report, script, worker


def main() -> None:
    """One process."""
    args = worker.arguments()
    sim = worker.find("pynn_eprop.host", "pynn_eprop.host", "pip install -e .")
    if sim is not None:
        script.serve(sim, args.workload, args.cells, args.rounds, report.OURS,
                     threads=args.threads)


if __name__ == "__main__":
    main()
