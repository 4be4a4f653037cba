/**
 * Normalized paths of type `webhook`.
 *
 * @module
 */

/** `type: webhook`: each request becomes an event of one topic. */
export interface WebhookServiceConfig {
  type: "webhook";
  realm: string;
  /** The role that publishes. */
  role: string;
  options: {
    topic: string;
    /** Octets. */
    post_body_limit: number;
    success_response: string;
    error_response: string;
    /** Null: requests are not signed. */
    github_secret: string | null;
  };
}
