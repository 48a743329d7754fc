<?php
// The shop's own tests: `php test.php`, beside a simulator that runs (PSP_SIMULATOR_URL).
declare(strict_types=1);

require __DIR__ . '/Simulator.php';

const PAID = 'PAYMENT_CHARGE_CAPTURE_SUCCEEDED';

function same(mixed $expected, mixed $got): void
{
    if ($expected !== $got) throw new AssertionError('expected ' . json_encode($expected) . ', got ' . json_encode($got));
}

$tests = [];

$tests['a paid order is shipped'] = function (World $world, Served $shop) {
    $order = $shop->checkout();

    $world->pay($order['charge']);
    $world->waitForWebhook(PAID, $order['charge']);

    same(['shipped', 1], [$shop->stored($order)['state'], $shop->stored($order)['parcels']]);
};

$tests['an order that nobody pays is cancelled after twelve hours'] = function (World $world, Served $shop) {
    $order = $shop->checkout();

    $world->advance('PT13H');

    same('cancelled', $shop->stored($order)['state']);
};

$tests['an empty wallet cancels the order'] = function (World $world, Served $shop) {
    $order = $shop->checkout(8_000);

    $world->pay($order['charge'], ['buyer' => 'wang-wei']);
    $world->settle();

    same('cancelled', $shop->stored($order)['state']);
};

foreach (['webhooks-twice', 'webhooks-at-once', 'webhooks-reversed', 'webhooks-before-answer'] as $scenario) {
    $tests["one parcel leaves with $scenario"] = function (World $world, Served $shop) use ($scenario) {
        $world->arm($scenario);
        $order = $shop->checkout();

        $world->pay($order['charge']);
        $world->advance('PT10M');

        same(['shipped', 1], [$shop->stored($order)['state'], $shop->stored($order)['parcels']]);
    };
}

$tests['a lost webhook is asked for when the buyer comes back'] = function (World $world, Served $shop) {
    $world->arm('webhooks-lost');
    $order = $shop->checkout();
    $world->pay($order['charge']);
    $world->settle();
    same('waiting', $shop->stored($order)['state']);

    same('shipped', $shop->order($order)['state']);
};

foreach (['webhooks-forged-signature', 'webhooks-forged-secret', 'webhooks-forged-body', 'webhooks-forged-timestamp', 'webhooks-unsigned', 'webhooks-stale'] as $scenario) {
    $tests["what comes with $scenario is refused, what is genuine is taken"] = function (World $world, Served $shop) use ($scenario) {
        $world->arm($scenario);
        $order = $shop->checkout();

        $world->pay($order['charge']);
        $world->settle();

        $sent = $world->call('GET', "/webhooks?resource_id={$order['charge']}&limit=500")['data'];
        same(true, in_array(true, array_map(fn ($one) => $one['adversarial'] ?? false, $sent), true));
        foreach ($sent as $one) same(($one['adversarial'] ?? false) ? 401 : 200, end($one['attempts'])['status']);
        same('shipped', $shop->stored($order)['state']);
    };
}

foreach (['api-500-after', 'api-truncated'] as $scenario) {
    $tests["a checkout that is tried again makes one payment with $scenario"] = function (World $world, Served $shop) use ($scenario) {
        $world->arm($scenario);

        $order = $shop->checkout();

        $made = $world->call('GET', "/payments?reference={$order['reference']}")['data'];
        same([$order['charge']], array_column($made, 'id'));
    };
}

$tests['a refunded order is refunded'] = function (World $world, Served $shop) {
    $order = $shop->checkout();
    $world->pay($order['charge']);
    $world->settle();

    same('REFUNDED', $shop->refund($order, 1000)['status']);
    $world->settle();

    same('refunded', $shop->stored($order)['state']);
};

$simulator = getenv('PSP_SIMULATOR_URL') ?: 'http://localhost:8080';
$world = new World($simulator);
$shop = new Served($simulator, $world->view['credentials']['ppro']);
$failed = 0;
try {
    $world->call('PUT', '/webhooks/ppro', ['url' => "$shop->url/hooks/ppro"]);
    foreach ($tests as $title => $test) {
        try {
            $world->call('DELETE', '/scenario');
            $test($world, $shop);
            echo "ok      $title\n";
        } catch (Throwable $error) {
            $failed++;
            echo "FAILED  $title: {$error->getMessage()} (line {$error->getLine()})\n";
        }
    }
} finally {
    $shop->stop();
    $world->call('DELETE', '');
}
echo count($tests) - $failed, " passed, $failed failed\n";
exit($failed === 0 ? 0 : 1);
