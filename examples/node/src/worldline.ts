// Worldline Connect, by its official client, which verifies webhooks too.
import type { IncomingHttpHeaders } from "node:http";
import connect from "connect-sdk-nodejs";
import { Unknown, type Gateway, type Heard, type Payment } from "./shop.js";

const STATES: Record<string, Payment["state"]> = {
  CAPTURED: "paid",
  PAID: "paid",
  REJECTED: "failed",
  CANCELLED: "failed",
};

export class Worldline implements Gateway {
  readonly currency = "CNY";
  private readonly client;
  private readonly webhooks;
  /** A refund is a thing of its own here, and its webhooks name nothing else: refund to payment. In a real shop, in its database. */
  private readonly refunds = new Map<string, string>();

  constructor(
    host: URL,
    apiKeyId: string,
    secretApiKey: string,
    private readonly merchant: string,
    webhookKeyId: string,
    webhookSecret: string,
  ) {
    const { hostname, port } = host;
    const scheme = host.protocol === "https:" ? "https" : "http";
    this.client = connect.init({ host: hostname, port: Number(port), scheme, apiKeyId, secretApiKey, integrator: "Paper lanterns" });
    const store = connect.webhooks.inMemorySecretKeyStore;
    store.storeSecretKey(webhookKeyId, webhookSecret);
    this.webhooks = connect.webhooks.v1.init(store);
  }

  async create(reference: string, amount: number) {
    const order = {
      order: {
        amountOfMoney: { amount, currencyCode: this.currency },
        customer: { merchantCustomerId: "cust-19", billingAddress: { countryCode: "CN" } },
        references: { merchantReference: reference },
      },
      redirectPaymentMethodSpecificInput: {
        paymentProductId: 861,
        redirectionData: { returnUrl: "https://shop.example/thanks" },
      },
    };
    const answer = await this.client.v1.payments.create(this.merchant, order, { idempotence: { key: reference } });
    if (!answer.isSuccess) throw new Error(`create answered ${answer.status}`);
    return { id: answer.body.payment!.id!, url: answer.body.merchantAction!.redirectData!.redirectURL! };
  }

  async read(id: string): Promise<Payment> {
    const answer = await this.client.v1.payments.get(this.merchant, id, {});
    if (!answer.isSuccess) throw answer.status === 404 ? new Unknown(id) : new Error(`get answered ${answer.status}`);
    const { amountOfMoney, references } = answer.body.paymentOutput!;
    const isRefunded = answer.body.status === "PAID" && (await this.refunded(id)) >= amountOfMoney!.amount!;
    return {
      reference: references!.merchantReference!,
      amount: amountOfMoney!.amount!,
      currency: amountOfMoney!.currencyCode!,
      state: isRefunded ? "refunded" : (STATES[answer.body.status!] ?? "waiting"),
    };
  }

  /** A refunded payment stays PAID: only its refunds say so. */
  private async refunded(id: string): Promise<number> {
    const answer = await this.client.v1.payments.refunds(this.merchant, id, null);
    if (!answer.isSuccess) throw new Error(`refunds answered ${answer.status}`);
    const done = answer.body.refunds!.filter((refund) => refund.status === "REFUNDED");
    return done.reduce((sum, refund) => sum + refund.refundOutput!.amountOfMoney!.amount!, 0);
  }

  async refund(id: string, amount: number, key: string): Promise<void> {
    const body = { amountOfMoney: { amount, currencyCode: this.currency } };
    const answer = await this.client.v1.payments.refund(this.merchant, id, body, { idempotence: { key } });
    if (!answer.isSuccess) throw new Error(`refund answered ${answer.status}`);
    this.refunds.set(answer.body.id!, id);
  }

  async verify(headers: IncomingHttpHeaders, body: Buffer): Promise<Heard | undefined> {
    try {
      const event = await this.webhooks.unmarshal(body, headers as Record<string, string>);
      return { event: event.id!, payment: event.payment?.id ?? this.refunds.get(event.refund?.id ?? "") };
    } catch {
      return undefined;
    }
  }
}
