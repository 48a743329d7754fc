"""What moves state, keeps time and delivers messages. It knows that providers exist, never which.

Rooms with one duty each. A room imports only from those above it or beside it, for types too.

| Room | Its one duty |
| --- | --- |
| `cards` | Card numbers: found, and cut down to ten digits |
| `private` | Files that only their owner may read |
| `addresses` | What of an address may be shown: not its password |
| `escapes` | Signs that are written as escapes |
| `stars` | What is shown instead of a secret |
| `lines` | Where the value of a name in a line ends |
| `unnamed` | Secrets that are known by how they stand in a text |
| `pairs` | Headers of pairs, as signatures are: whether one may be shown as it stands |
| `secret_names` | Names that mean a secret with every provider |
| `secret_values` | Where the value of a secret's name begins and ends |
| `masking` | Secrets: what opens a door is masked before it is stored |
| `unreadable` | What the store holds and nobody can read |
| `defaults` | What holds where nobody has set anything |
| `settings` | What may be set, as models: bounds, defaults, help |
| `workspace` | An isolated world, as a value |
| `resource` | Something that a party keeps, as a value |
| `rates` | What one currency is worth in another |
| `ledger` | What a provider owes a merchant: bookings in double entry, as values |
| `calendar` | When money moves: cut-offs, business days, paydays |
| `terms` | What a provider charges and when it pays, as settings |
| `days` | The days that a provider has had, each under the settings of its time |
| `webhook_bodies` | The bodies of webhooks, what they say, and how one becomes another of the same kind |
| `forging` | Where webhooks stand otherwise that no merchant should take |
| `messages` | A webhook on its way, as values |
| `call` | A request and its answer, as values |
| `distributions` | Where the providers of other distributions are |
| `disguises` | Shows what others have written as it is |
| `printable` | The same for a terminal and a log |
| `texts` `views` | What pages say and show |
| `known` | What a request model knows, and what a request says beyond it |
| `validation` | Checks what was sent against a request model |
| `members` | What request models of many APIs have in common, as types |
| `conditions` | When a rule of a scenario holds |
| `facets` | The words in which scenarios are written |
| `rules` | The rules of a scenario, as models |
| `scenarios` | Finds the rule that decides |
| `bank` | What the bank behind a provider says of an operation |
| `again` | What is asked once more: it met somebody else's lock, before anything of it was written |
| `throttle` | How many requests a customer has left |
| `reach` | Where deliveries may go |
| `store` | Where state lives: all the SQL |
| `changes` | What one unit of work has read and will write, as rows |
| `reader` | Finds resources, as the unit of work has changed them |
| `uow` | The words in which everything changes: find, add, fire, amend, arm, emit, tell |
| `settlement` | What a provider says of its settlement, and what of it is kept |
| `settling` | Books, pays out at cut-offs, tells of reports |
| `balances` | Says what money is where: balances, entries, reports |
| `programs` | Programs that compute a signature, in four languages |
| `explain` | How a signature came about, and why a merchant's own is another |
| `webhooks` | How a provider's webhooks are rendered, signed and judged, as a value |
| `shop` | The merchant's side of a purchase, as values |
| `facts` | What is not documented of a provider: its register |
| `sandbox` | A provider's real sandbox, as data |
| `samples` | What a newcomer is shown of a provider |
| `stories` | How an event comes about, as a value |
| `contradictions` | In what a provider's value contradicts itself |
| `provider` | What a provider is: a value of tables and functions |
| `outlines` | What is known of a provider before it is loaded |
| `endpoints` `sections` | What may be set as a provider's endpoint, and as its settings |
| `comparing` | What a call says of its payment, for scenarios |
| `arming` | What is wrong with a scenario at the providers that are served |
| `unread` | Says what of a request nobody reads |
| `http` | ASGI as far as we need it |
| `callers` | Who sends a request: this machine, the network, a page of another site |
| `plain` | Refusals in our own words |
| `routes` | Which row of a provider's table answers a path |
| `journal` | The story of a payment |
| `readings` | What of a store must be readable, for who looks through one |
| `document` | What a workspace looks like as a document |
| `portable` `renaming` | A workspace as a document; what is called anew in one that arrives |
| `idempotency` | A repeated request gets its first answer |
| `reasons` | Why a request was refused, and what may have been meant |
| `watchers` | Who wants to hear when something has changed |
| `agenda` | When something is due, in real time |
| `transactions` | How something is written: one way, shared commits, the journal's late lines |
| `registry` | Who the workspaces are: names, credentials, settings, clocks |
| `arrivals` | Lets in a workspace that was brought along as a document |
| `absent` | Providers whose rows a store holds and that are not installed |
| `units` | Opens units of work, writes and commits them |
| `timers` | Fires the timers that are due |
| `courier` | How something reaches a merchant's server, and in what time |
| `http_client` | The HTTP client behind it |
| `queues` | Whose turn it is among the receivers of one workspace |
| `tries` | A try of a message, as a value |
| `records` | Writes what tries came to, those that end together with one statement |
| `dispatcher` | Which message leaves when, and what came of it |
| `walking` | Walks a clock from deadline to deadline, and settles what is due |
| `chores` | What is done in small steps while nobody waits for it |
| `lookout` | Looks whether the file of the store is still where it was opened |
| `sweeper` | Removes what reset and deleted workspaces have left behind |
| `keeping` | Drops payments that a workspace no longer keeps |
| `temporary` | Lets temporary workspaces go |
| `report_folder` | Puts reports into the folder of `serve --reports`, each workspace's apart |
| `homes` | Which of several processes serves a workspace |
| `loop` | Gives each workspace its turn in real time |
| `lifecycle` | What becomes of whole workspaces: reset, kept, brought along, removed |
| `runtime` | Puts the rooms together |
| `faults` | What a scenario asks for API calls |
| `weather` | What becomes of an answer on its way |
| `pages` | What every page needs |
| `gateway` | The way of one request |
"""
