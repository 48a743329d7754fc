// The simulator as the tests steer it: a client whose types are generated from the control API's own document (control.d.ts).
import createClient from "openapi-fetch";
import type { components, paths } from "./control.js";

export const URL_OF_SIMULATOR = process.env.PSP_SIMULATOR_URL ?? "http://localhost:8080";
const token = process.env.PSP_SIMULATOR_ADMIN_TOKEN;
export const control = createClient<paths>({
  baseUrl: URL_OF_SIMULATOR,
  headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
});

export type Delivery = components["schemas"]["Delivery"];

/** One test's own world: nothing of it is seen by others, so tests run in parallel. */
export class World {
  private constructor(
    readonly ws: string,
    readonly credentials: Record<string, Record<string, unknown>>,
  ) {}

  static async create(): Promise<World> {
    const made = told(await control.POST("/_sim/workspaces", { body: { temporary: true, made_by: "test:examples/node" } }));
    return new World(made.id, made.credentials as Record<string, Record<string, unknown>>);
  }

  async delete(): Promise<void> {
    await control.DELETE("/_sim/workspaces/{ws}", { params: { path: { ws: this.ws } } });
  }

  async setWebhook(provider: string, url: string, secret: string, key_id?: string): Promise<void> {
    const path = { ws: this.ws, provider };
    told(await control.PUT("/_sim/workspaces/{ws}/webhooks/{provider}", { params: { path }, body: { url, secret, key_id } }));
  }

  async pay(provider: string, id: string): Promise<void> {
    const path = { ws: this.ws, provider, id };
    told(await control.POST("/_sim/workspaces/{ws}/payments/{provider}/{id}/pay", { params: { path }, body: {} }));
  }

  /** Moves the clock. What fell due is done when this returns, webhooks included. */
  async advance(by: string): Promise<void> {
    told(await control.POST("/_sim/workspaces/{ws}/clock/advance", { params: { path: { ws: this.ws } }, body: { by } }));
  }

  /** As soon as the payment is in that phase; without sleeping. */
  async waitFor(provider: string, resource_id: string, phase: "paid" | "refunded"): Promise<void> {
    const query = { provider, resource_id, phase, timeout: "10s" };
    told(await control.GET("/_sim/workspaces/{ws}/wait", { params: { path: { ws: this.ws }, query } }));
  }

  /** Every webhook that is due has been delivered when this returns. */
  async settle(): Promise<void> {
    told(await control.POST("/_sim/workspaces/{ws}/settle", { params: { path: { ws: this.ws } } }));
  }

  async arm(name: string): Promise<void> {
    told(await control.PUT("/_sim/workspaces/{ws}/scenario", { params: { path: { ws: this.ws } }, body: { name } }));
  }

  async payments(): Promise<string[]> {
    const path = { ws: this.ws };
    return told(await control.GET("/_sim/workspaces/{ws}/payments", { params: { path } })).data.map((one) => one.id);
  }

  async deliveries(): Promise<Delivery[]> {
    const params = { path: { ws: this.ws }, query: { limit: 500 } };
    return told(await control.GET("/_sim/workspaces/{ws}/webhooks", { params })).data;
  }
}

/** What was answered; a refusal in the control API's own sentence. */
function told<T>(answer: { data?: T; error?: { error: { message: string } } }): T {
  if (answer.error !== undefined) throw new Error(answer.error.error.message);
  return answer.data as T;
}
