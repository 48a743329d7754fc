"""The contract's tests once more, over two processes that are asked in turns."""

from contract.test_contract import *  # noqa: F403
