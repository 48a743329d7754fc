<?php
// PHP's own server, for as long as somebody holds the other end of the standard input: `php serve.php HOST:PORT`. Its workers are
// processes of their own, which its end alone does not end; here they are one group, which ends as a whole, however the tests end.
declare(strict_types=1);

posix_setsid();
proc_open([PHP_BINARY, '-S', $argv[1], __DIR__ . '/index.php'], [0 => ['file', '/dev/null', 'r']], $pipes, __DIR__);
fgets(STDIN);
posix_kill(0, 15);
