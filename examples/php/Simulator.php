<?php
// The simulator as the tests steer it, by its control API; and the shop as a server of its own.
declare(strict_types=1);

function json_call(string $method, string $url, array|string|null $body = null): array
{
    $call = curl_init($url);
    $token = getenv('PSP_SIMULATOR_ADMIN_TOKEN');
    curl_setopt_array($call, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 60]);
    curl_setopt($call, CURLOPT_HTTPHEADER, $token ? ["Authorization: Bearer $token"] : []);
    if ($body !== null) curl_setopt($call, CURLOPT_POSTFIELDS, is_array($body) ? json_encode((object) $body) : $body);
    $answer = curl_exec($call);
    if ($answer === false) throw new RuntimeException("$url: " . curl_error($call));
    $told = $answer === '' ? [] : json_decode($answer, true);
    if (isset($told['error'])) throw new RuntimeException("$method $url: {$told['error']['message']}");
    return $told;
}

/** One run's own world: nothing of it is seen by others, so runs are parallel. */
final class World
{
    public readonly array $view;
    private readonly string $path;

    public function __construct(string $simulator)
    {
        $this->view = json_call('POST', "$simulator/_sim/workspaces", ['temporary' => true, 'made_by' => 'test:examples/php']);
        $this->path = "$simulator/_sim/workspaces/{$this->view['id']}";
    }

    public function call(string $method, string $path, ?array $body = null): array
    {
        return json_call($method, $this->path . $path, $body);
    }

    public function pay(string $charge, array $how = []): void
    {
        $this->call('POST', "/payments/ppro/$charge/pay", $how);
    }

    /** As soon as the shop has acknowledged that webhook of the charge; without sleeping. */
    public function waitForWebhook(string $event, string $charge): array
    {
        return $this->call('GET', "/wait?provider=ppro&event=$event&resource_id=$charge&timeout=10s");
    }

    /** Moves the clock. What fell due is done when this returns, webhooks included. */
    public function advance(string $by): void
    {
        $this->call('POST', '/clock/advance', ['by' => $by]);
    }

    /** Every webhook that is due has been delivered when this returns. */
    public function settle(): void
    {
        $this->call('POST', '/settle');
    }

    public function arm(string $scenario): void
    {
        $this->call('PUT', '/scenario', ['name' => $scenario]);
    }
}

/** The shop under PHP's own server, on a free port, with a store of its own. */
final class Served
{
    public readonly string $url;
    private $process;
    /** It runs until the first of these is closed. */
    private array $pipes = [];
    private readonly string $store;

    public function __construct(string $simulator, array $credentials)
    {
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        $this->url = "http://$address";
        $this->store = tempnam(sys_get_temp_dir(), 'shop');
        $environ = [
            'PHP_CLI_SERVER_WORKERS' => '3', // a webhook comes while a checkout waits for its answer
            'SHOP_STORE' => $this->store,
            'PSP_BASE_URL' => $simulator,
            'PSP_API_KEY' => $credentials['api_key'],
            'PSP_MERCHANT_ID' => $credentials['merchant_id'],
            'PSP_WEBHOOK_SECRET' => $credentials['webhook_secret'],
        ];
        $quiet = [0 => ['pipe', 'r'], 1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']];
        $command = [PHP_BINARY, __DIR__ . '/serve.php', $address];
        $this->process = proc_open($command, $quiet, $this->pipes, __DIR__, $environ + getenv());
        for ($left = 500; @fsockopen('tcp://' . $address) === false; $left--) {
            if ($left === 0) throw new RuntimeException('the shop does not start');
            usleep(20_000);
        }
    }

    public function stop(): void
    {
        fclose($this->pipes[0]);
        proc_close($this->process);
        unlink($this->store);
    }

    public function checkout(int $fen = 1000): array
    {
        return json_call('POST', "$this->url/checkout", "fen=$fen");
    }

    public function order(array $order): array
    {
        return json_call('GET', "$this->url/orders/{$order['reference']}");
    }

    public function refund(array $order, int $fen): array
    {
        return json_call('POST', "$this->url/orders/{$order['reference']}/refund", "fen=$fen");
    }

    /** What is stored, without asking. */
    public function stored(array $order): array
    {
        return json_decode(file_get_contents($this->store), true)['orders'][$order['reference']];
    }
}
