"""What a provider's real sandbox answers, held against what the simulator answers to the same calls."""
