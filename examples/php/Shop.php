<?php
// A small shop that sells a paper lantern through PPRO. It knows nothing of the simulator: its configuration is what it would be
// in production. What it believes is what PPRO's API says; a webhook only tells it when to ask.
declare(strict_types=1);

const CURRENCY = 'CNY';
const TOO_OLD_S = 300;
const TRIES = 3;
const ANSWERS_WITHIN_S = 10;

/** PPRO answered no, or not at all (`status` 0). */
final class Refused extends RuntimeException
{
    public function __construct(public readonly int $status, string $text)
    {
        parent::__construct("PPRO answered $status: $text");
    }
}

/** A file that stands for the database: `orders` by their reference, and the ids of the events that were `heard`. */
final class Store
{
    public function __construct(private readonly string $path) {}

    /** Nobody else reads or writes meanwhile: the same event may come twice at the same moment. What `$work` returns. */
    public function alone(callable $work): mixed
    {
        $file = fopen($this->path, 'c+');
        flock($file, LOCK_EX);
        try {
            $data = json_decode(stream_get_contents($file) ?: '{"orders": {}, "heard": []}', true);
            $result = $work($data);
            rewind($file);
            ftruncate($file, 0);
            fwrite($file, json_encode($data));
            return $result;
        } finally {
            fclose($file); // and unlocks it
        }
    }
}

final class Shop
{
    public function __construct(
        private readonly Store $store,
        private readonly string $baseUrl,
        private readonly string $apiKey,
        private readonly string $merchant,
        private readonly string $webhookSecret,
    ) {}

    // What its pages do

    /** The new order with the address to which the buyer's browser is sent. It exists before PPRO hears of it. */
    public function checkout(int $fen): array
    {
        $reference = 'order-' . bin2hex(random_bytes(6));
        $order = ['reference' => $reference, 'fen' => $fen, 'charge' => null, 'state' => 'waiting', 'parcels' => 0];
        $this->store->alone(function (array &$data) use ($order) {
            $data['orders'][$order['reference']] = $order;
        });
        $charge = $this->call('POST', '/v1/payment-charges', [
            'paymentMethod' => 'ALIPAY',
            'amount' => ['value' => $fen, 'currency' => CURRENCY],
            'consumer' => ['country' => 'CN'],
            'merchantPaymentChargeReference' => $reference,
            'authenticationSettings' => [
                ['type' => 'REDIRECT', 'settings' => ['returnUrl' => 'https://www.webshop.com/order-results-page']],
            ],
        ], $reference);
        return $this->store->alone(function (array &$data) use ($reference, $charge) {
            $data['orders'][$reference]['charge'] = $charge['id'];
            return $data['orders'][$reference] + ['url' => $charge['authenticationMethods'][0]['details']['requestUrl']];
        });
    }

    /** The page to which the buyer comes back. It asks: a webhook may be lost, and what the address says proves nothing. */
    public function look(string $reference): ?array
    {
        return $this->store->alone(function (array &$data) use ($reference) {
            $order = $data['orders'][$reference] ?? null;
            if ($order !== null && $order['charge'] !== null && $order['state'] === 'waiting') {
                $this->learn($data, $order['charge']);
            }
            return $data['orders'][$reference] ?? null;
        });
    }

    public function refund(string $reference, int $fen): array
    {
        $order = $this->store->alone(fn (array &$data) => $data['orders'][$reference]);
        return $this->call('POST', "/v1/payment-charges/{$order['charge']}/refunds", ['amount' => $fen], "$reference-refund");
    }

    // Its webhook address

    /** The status that the shop answers. 2xx is said only when what was heard is stored; 503 makes PPRO send it again. */
    public function hear(string $signature, string $body): int
    {
        if (!$this->isGenuine($signature, $body)) return 401;
        $event = json_decode($body, true);
        return $this->store->alone(function (array &$data) use ($event) {
            if (in_array($event['id'], $data['heard'], true)) return 200;
            try {
                if (isset($event['data']['paymentChargeId'])) $this->learn($data, $event['data']['paymentChargeId']);
            } catch (Refused $refused) {
                if ($refused->status !== 404) return 503; // a charge that PPRO itself does not know is nobody's
            }
            $data['heard'][] = $event['id'];
            return 200;
        });
    }

    /** PPRO's signature is over the very bytes that came (`php://input`): who parses first, and writes again, signs something else. */
    private function isGenuine(string $signature, string $body): bool
    {
        if (!preg_match('/^t=(\d+),s=([0-9a-f]+)$/', $signature, $parts)) return false;
        $expected = hash_hmac('sha256', "$parts[1].$body", $this->webhookSecret);
        return hash_equals($expected, $parts[2]) && abs(time() - (int) $parts[1]) <= TOO_OLD_S;
    }

    /** Whatever the event says, and in whatever order it comes, PPRO is asked. The order is found by the shop's own reference. */
    private function learn(array &$data, string $id): void
    {
        $charge = $this->call('GET', "/v1/payment-charges/$id");
        $first = $charge['authorizations'][0];
        $reference = $first['merchantPaymentChargeReference'] ?? '';
        if (!isset($data['orders'][$reference])) return;
        $order = &$data['orders'][$reference];
        if (!in_array($order['charge'], [null, $id], true)) return;
        $order['charge'] = $id;
        $isWhole = $first['amount'] === $order['fen'] && $charge['currency'] === CURRENCY;
        if ($charge['status'] === 'CAPTURED' && $order['state'] === 'waiting' && $isWhole) {
            $order['state'] = 'shipped';
            $order['parcels']++;
        } elseif (in_array($charge['status'], ['FAILED', 'DISCARDED', 'VOIDED'], true) && $order['state'] === 'waiting') {
            $order['state'] = 'cancelled';
        } elseif ($charge['status'] === 'REFUNDED' && $order['state'] === 'shipped') {
            $order['state'] = 'refunded';
        }
    }

    /** Tried again where that may help: with the same idempotency key, so that nothing is done twice. */
    private function call(string $method, string $path, ?array $body = null, ?string $key = null): array
    {
        $headers = ["Authorization: Bearer $this->apiKey", "Merchant-Id: $this->merchant", 'Content-Type: application/json'];
        if ($key !== null) $headers[] = "Request-Idempotency-Key: $key";
        $call = curl_init($this->baseUrl . $path);
        curl_setopt_array($call, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => ANSWERS_WITHIN_S,
        ]);
        if ($body !== null) curl_setopt($call, CURLOPT_POSTFIELDS, json_encode($body));
        for ($left = TRIES - 1; ; $left--) {
            $answer = curl_exec($call);
            $status = curl_getinfo($call, CURLINFO_RESPONSE_CODE);
            $told = $answer === false ? null : json_decode($answer, true); // false: no answer, or not the whole of one
            if ($told !== null && $status < 300) return $told;
            $mayHelp = $told === null || $status >= 500 || in_array($status, [409, 429], true);
            if (!$mayHelp || $left === 0) throw new Refused($told === null ? 0 : $status, (string) $answer);
        }
    }
}
