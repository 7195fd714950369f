"""The contracts: everything that crosses a boundary. No I/O."""
