// A small shop that sells a paper lantern. It knows nothing of the simulator, and what it knows of a provider is a `Gateway`.
// What it believes is what the provider's API says; a webhook only tells it when to ask.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const TRIES = 3;

/** What a provider knows of a payment, in the shop's words. */
export interface Payment {
  reference: string;
  amount: number;
  currency: string;
  state: "waiting" | "paid" | "failed" | "refunded";
}

/** A webhook that is genuine: its own id, and the payment that it is about. */
export interface Heard {
  event: string;
  payment: string | undefined;
}

export interface Gateway {
  readonly currency: string;
  /** `reference` is the idempotency key too: however often it is called, there is one payment. */
  create(reference: string, amount: number): Promise<{ id: string; url: string }>;
  read(id: string): Promise<Payment>;
  refund(id: string, amount: number, key: string): Promise<void>;
  /** Nothing when it is forged. `body` is what came, byte for byte. */
  verify(headers: IncomingHttpHeaders, body: Buffer): Promise<Heard | undefined>;
}

/** The provider's API has no such payment. */
export class Unknown extends Error {}

export interface Order {
  reference: string;
  amount: number;
  payment: string | undefined;
  state: "waiting" | "shipped" | "cancelled" | "refunded";
  parcels: number;
}

/** A real shop has its orders, and the events that it has heard, in its database. */
export class Shop {
  readonly orders = new Map<string, Order>();
  readonly heard = new Set<string>();

  constructor(private readonly gateway: Gateway) {}

  /** The new order, and where the buyer's browser is sent. The order exists before the provider hears of it. */
  async checkout(amount = 1100): Promise<{ order: Order; url: string }> {
    const reference = `order-${randomUUID().slice(0, 8)}`;
    const order: Order = { reference, amount, payment: undefined, state: "waiting", parcels: 0 };
    this.orders.set(reference, order);
    const { id, url } = await again(() => this.gateway.create(reference, amount));
    order.payment = id;
    return { order, url };
  }

  /** The page to which the buyer comes back. It asks: a webhook may be lost, and what the address says proves nothing. */
  async look(reference: string): Promise<Order | undefined> {
    const order = this.orders.get(reference);
    if (order?.payment !== undefined && order.state === "waiting") await this.learn(order.payment);
    return order;
  }

  async refund(order: Order): Promise<void> {
    await this.gateway.refund(order.payment!, order.amount, `${order.reference}-refund`);
  }

  /** A webhook: the status that the shop answers. 2xx only when what was heard is stored; 503 makes it come again. */
  async hear(headers: IncomingHttpHeaders, body: Buffer): Promise<number> {
    const heard = await this.gateway.verify(headers, body);
    if (heard === undefined) return 401;
    if (this.heard.has(heard.event)) return 200;
    try {
      if (heard.payment !== undefined) await this.learn(heard.payment);
    } catch (error) {
      if (!(error instanceof Unknown)) return 503;
    }
    this.heard.add(heard.event);
    return 200;
  }

  /** Found by the shop's own reference, for the provider's id may be known only later. Between reading and writing the
   * order nothing is awaited: the same event may come twice at the same moment. */
  private async learn(id: string): Promise<void> {
    const payment = await again(() => this.gateway.read(id));
    const order = this.orders.get(payment.reference);
    if (order === undefined || (order.payment ?? id) !== id) return;
    order.payment = id;
    const isWhole = payment.amount === order.amount && payment.currency === this.gateway.currency;
    if (payment.state === "paid" && order.state === "waiting" && isWhole) {
      order.state = "shipped";
      order.parcels += 1;
    } else if (payment.state === "failed" && order.state === "waiting") {
      order.state = "cancelled";
    } else if (payment.state === "refunded" && order.state === "shipped") {
      order.state = "refunded";
    }
  }

  /** Its webhook endpoint, on any free port. */
  async listen(): Promise<{ server: Server; url: string }> {
    const server = createServer(async (request, response) => {
      const challenge = request.headers["x-gcs-webhooks-endpoint-verification"];
      if (request.method === "GET") return void response.end(challenge); // Worldline asks whether the endpoint is ours
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      response.writeHead(await this.hear(request.headers, Buffer.concat(parts))).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks` };
  }
}

/** Tries again what may be tried again: with the same key nothing is done twice. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Unknown || left === 0) throw error;
    }
  }
}
