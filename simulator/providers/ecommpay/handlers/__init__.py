"""What ecommpay's operations do. A request is answered with "accepted"; everything else happens later and is told by callback.

So a handler checks, keeps what it found and arms a timer; `news` goes on from there. Source: reference/ecommpay.md, 3, 4.
"""
