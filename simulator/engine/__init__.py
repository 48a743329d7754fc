"""What moves state, keeps time and delivers messages. It knows that providers exist, never which.

Rooms with one duty each. A room imports only from those above it, for types too.

| Room | Its one duty |
| --- | --- |
| `workspace`, `resource`, `messages`, `call` | Values: an isolated world, a thing that a party keeps, a webhook on its way, a request and its answer |
| `scenarios`, `throttle`, `texts`, `views`, `samples` | What a scenario says; how many requests are left; what pages say and show |
| `validation` | Checks a body against a request model |
| `store/` | Where state lives: all the SQL |
| `changes` | What one unit of work has read and will write, as rows |
| `uow` | The words in which everything changes: find, add, fire, amend, arm, emit, tell |
| `provider` | What a provider is: a value of tables and functions |
| `http`, `routes` | ASGI as far as we need it; which row of a table answers a path |
| `journal`, `idempotency` | The story of a payment; a repeated request gets its first answer |
| `watchers` | Who wants to hear when something has changed |
| `agenda` | When something is due, in real time |
| `transactions` | How something is written: one way, shared commits, the journal's late lines |
| `registry` | Who the workspaces are: names, credentials, settings, clocks |
| `units` | Opens units of work, writes and commits them |
| `timers` | Fires the timers that are due |
| `courier`, `dispatcher` | The one HTTP client; which message leaves when, and what came of it |
| `walking` | Walks a clock from deadline to deadline; settles |
| `loop` | Gives each workspace its turn in real time |
| `runtime` | Puts the rooms together |
| `faults`, `pages`, `gateway` | Failures that a scenario asks for; what every page needs; the way of one request |
"""
