<?php
// The shop's addresses: `php -S localhost:3000 index.php`.
declare(strict_types=1);

require __DIR__ . '/Shop.php';

$shop = new Shop(
    new Store(getenv('SHOP_STORE') ?: sys_get_temp_dir() . '/shop.json'),
    getenv('PSP_BASE_URL') ?: 'http://localhost:8080',
    getenv('PSP_API_KEY') ?: 'key_sandbox_default',
    getenv('PSP_MERCHANT_ID') ?: 'merch_default',
    getenv('PSP_WEBHOOK_SECRET') ?: 'whs_default_5f1c0b8a2d9e47',
);
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$asked = "{$_SERVER['REQUEST_METHOD']} $path";

if ($asked === 'POST /hooks/ppro') {
    http_response_code($shop->hear($_SERVER['HTTP_PPRO_SIGNATURE'] ?? '', file_get_contents('php://input')));
    return;
}
header('Content-Type: application/json');
if ($asked === 'POST /checkout') {
    echo json_encode($shop->checkout((int) ($_POST['fen'] ?? 1000)));
} elseif (preg_match('#^GET /orders/([\w-]+)$#', $asked, $found) && ($order = $shop->look($found[1])) !== null) {
    echo json_encode($order);
} elseif (preg_match('#^POST /orders/([\w-]+)/refund$#', $asked, $found)) {
    echo json_encode($shop->refund($found[1], (int) $_POST['fen']));
} else {
    http_response_code(404);
    echo '{}';
}
