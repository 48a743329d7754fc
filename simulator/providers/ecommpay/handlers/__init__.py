"""What the operations of Gate do, one module for each noun. `acceptance` and `outcomes` hold what several share.

A request is answered with "accepted"; everything else happens later and is told by callback. So a handler checks, keeps what
it found and starts a timer, and `outcomes` goes on when that is due. Source: docs/providers/ecommpay.md, sources 3 and 4.
"""
