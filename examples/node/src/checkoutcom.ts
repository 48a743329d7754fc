// Checkout.com, by its official client.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Checkout } from "checkout-sdk-node";
import { Unknown, type Gateway, type Heard, type Payment } from "./shop.js";

const STATES: Record<string, Payment["state"]> = {
  Captured: "paid",
  "Partially Refunded": "paid",
  Refunded: "refunded",
  Declined: "failed",
  Expired: "failed",
  Canceled: "failed",
};

export class CheckoutCom implements Gateway {
  readonly currency = "EUR";
  private readonly client: Checkout;

  constructor(
    host: string,
    secretKey: string,
    private readonly channel: string,
    private readonly webhookSecret: string,
  ) {
    this.client = new Checkout(secretKey, { host });
  }

  async create(reference: string, amount: number) {
    const order = {
      amount,
      currency: this.currency,
      reference,
      source: { type: "alipay_cn" },
      processing: { terminal_type: "WEB" },
      processing_channel_id: this.channel,
      success_url: "https://shop.example/thanks",
      failure_url: "https://shop.example/basket",
      payment_type: "Regular",
      capture: true,
      customer: { email: "john.smith@example.com" },
      shipping: { address: { country: "GB" } },
    };
    const made = await this.client.payments.request(order as never, reference);
    return { id: made.id as string, url: made._links!["redirect"]!.href as string };
  }

  async read(id: string): Promise<Payment> {
    try {
      const found = await this.client.payments.get(id);
      const { reference, amount, currency } = found as unknown as Payment;
      return { reference, amount, currency, state: STATES[String(found.status)] ?? "waiting" };
    } catch (error) {
      throw (error as { http_code?: number }).http_code === 404 ? new Unknown(id) : error;
    }
  }

  async refund(id: string, amount: number, key: string): Promise<void> {
    await this.client.payments.refund(id, { amount }, key);
  }

  /** The client brings no check of its own; this is the manual's, over the bytes that came. */
  async verify(headers: IncomingHttpHeaders, body: Buffer): Promise<Heard | undefined> {
    const wanted = createHmac("sha256", this.webhookSecret).update(body).digest();
    const got = Buffer.from(String(headers["cko-signature"] ?? ""), "hex");
    if (got.length !== wanted.length || !timingSafeEqual(got, wanted)) return undefined;
    const event = JSON.parse(body.toString("utf8")) as { id: string; data: { id?: string } };
    return { event: event.id, payment: event.data.id };
  }
}
