// The shop's own tests, at each of its providers. Each has a world of its own; none sleeps.
import assert from "node:assert/strict";
import type { Server } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CheckoutCom } from "./checkoutcom.js";
import { Shop, type Gateway } from "./shop.js";
import { URL_OF_SIMULATOR, World } from "./simulator.js";
import { Worldline } from "./worldline.js";

const WEBHOOK = { secret: "0f0f4d52-6b5e-4f6a-9d0c-1f0f4d526b5e", key: "5eed00000000abcd" };

type Own = Record<string, string>;
const PROVIDERS: Record<string, (own: Own) => Gateway> = {
  checkoutcom: (own) => new CheckoutCom(URL_OF_SIMULATOR, own.secret_key!, own.processing_channel_id!, WEBHOOK.secret),
  worldline: (own) =>
    new Worldline(new URL(URL_OF_SIMULATOR), own.api_key_id!, own.secret_api_key!, own.merchant_id!, WEBHOOK.key, WEBHOOK.secret),
};

for (const [provider, gatewayFor] of Object.entries(PROVIDERS)) {
  describe(provider, () => {
    let world: World, shop: Shop, server: Server;

    beforeEach(async () => {
      world = await World.create();
      shop = new Shop(gatewayFor(world.credentials[provider] as Own));
      const listening = await shop.listen();
      server = listening.server;
      await world.setWebhook(provider, listening.url, WEBHOOK.secret, provider === "worldline" ? WEBHOOK.key : undefined);
    });

    afterEach(async () => {
      await world.delete();
      server.close();
      server.closeAllConnections();
    });

    /** The buyer pays, and the provider has captured. */
    async function pay(id: string): Promise<void> {
      await world.pay(provider, id);
      await world.advance("PT10S");
      await world.waitFor(provider, id, "paid");
      await world.settle();
    }

    test("a paid order is shipped", async () => {
      const { order, url } = await shop.checkout();

      await pay(order.payment!);

      assert.ok(URL.canParse(url));
      assert.deepEqual([order.state, order.parcels], ["shipped", 1]);
    });

    test("an order that nobody pays is cancelled", async () => {
      const { order } = await shop.checkout();

      await world.advance("PT13H");

      assert.equal(order.state, "cancelled");
    });

    for (const scenario of ["webhooks-twice", "webhooks-at-once", "webhooks-before-answer"])
      test(`one parcel leaves with ${scenario}`, async () => {
        await world.arm(scenario);
        const { order } = await shop.checkout();

        await pay(order.payment!);

        assert.deepEqual([order.state, order.parcels], ["shipped", 1]);
      });

    test("a lost webhook is asked for when the buyer comes back", async () => {
      await world.arm("webhooks-lost");
      const { order } = await shop.checkout();
      await pay(order.payment!);
      assert.equal(order.state, "waiting");

      await shop.look(order.reference);

      assert.equal(order.state, "shipped");
    });

    for (const scenario of ["webhooks-forged-signature", "webhooks-forged-secret", "webhooks-forged-body", "webhooks-unsigned"])
      test(`what comes with ${scenario} is refused, what is genuine is taken`, async () => {
        await world.arm(scenario);
        const { order } = await shop.checkout();

        await pay(order.payment!);

        const answers = (await world.deliveries()).map((one) => [Boolean(one.adversarial), one.attempts.at(-1)?.status]);
        assert.ok(answers.some(([adversarial]) => adversarial));
        for (const [adversarial, status] of answers) assert.equal(status, adversarial ? 401 : 200);
        assert.equal(order.state, "shipped");
      });

    test("a checkout that is tried again makes one payment", async () => {
      await world.arm("api-500-after");

      const { order } = await shop.checkout();

      assert.deepEqual(await world.payments(), [order.payment]);
    });

    test("a refunded order is refunded", async () => {
      const { order } = await shop.checkout();
      await pay(order.payment!);
      await world.advance("P3D"); // until the funds have come

      await shop.refund(order);
      await world.advance("P1D");
      await world.waitFor(provider, order.payment!, "refunded");
      await world.settle();

      assert.equal(order.state, "refunded");
    });
  });
}
