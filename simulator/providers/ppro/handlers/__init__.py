"""What each operation of PPRO's API does, by noun. Declines are 200 answers with `status: FAILED`, never errors."""
