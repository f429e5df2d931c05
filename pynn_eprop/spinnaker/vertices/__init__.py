"""sPyNNaker's graph: application and machine vertices, splitter, sources, edges."""
