"""What the operations of PPRO's API do, one module for each noun. `operations`, `bank` and `outcomes` hold what several share.

Declines are 200 answers with `status: FAILED`, never errors.
"""
