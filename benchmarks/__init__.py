"""How fast, how small and how soon: `python -m benchmarks`. Nothing here is imported by the simulator."""
