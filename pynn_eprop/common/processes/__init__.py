"""The processes that run one script together: one alone, or those that MPI has started."""
