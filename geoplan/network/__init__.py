"""Street network search: CSR graph, numba kernels, snapping."""
