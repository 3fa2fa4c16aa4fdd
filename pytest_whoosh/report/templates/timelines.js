"use strict";
/* What happened to a message on the virtual clock, and what its webhooks said and were answered. */

const Timelines = (() => {
  const { make, foreign } = Dom;

  const failed = (webhook) => Boolean(webhook.error) || Boolean(webhook.raised) || webhook.status >= 400;
  const lost = (webhook) => Boolean(webhook.lost);
  const undelivered = (webhook) => !webhook.status && !webhook.error && !webhook.lost;

  function parameters(values) {
    const rows = Object.entries(values || {}).map(([name, value]) => [
      make("dt", {}, name),
      make("dd", {}, foreign(typeof value === "string" ? value : JSON.stringify(value))),
    ]);
    return make("dl", { class: "parameters" }, rows);
  }

  function exchange(webhook) {
    const answer = webhook.answer
      ? make("pre", { class: "answer" }, webhook.answer)
      : make("p", { class: "muted" }, webhook.status ? "An empty answer." : "No answer.");
    return make(
      "div",
      { class: "exchange" },
      make("h5", {}, "Posted"),
      parameters(webhook.params),
      make("h5", {}, webhook.status ? `Answered ${webhook.status}` : "Answered"),
      answer,
    );
  }

  function webhookLine(webhook, since) {
    const kind = failed(webhook) || lost(webhook) ? "troubled" : undelivered(webhook) ? "undelivered" : "fine";
    const summary = make(
      "summary",
      {},
      since ? make("time", { datetime: webhook.at }, Moments.beside(webhook.at, since), " ") : null,
      make("span", { class: "webhook-label" }, "webhook", webhook.label ? ` ${webhook.label}` : ""),
      " ",
      make("span", { class: "url" }, `${webhook.method} `, foreign(webhook.url)),
      " ",
      make("span", { class: "outcome-words" }, webhook.outcome || ""),
    );
    return Dom.unfolding(summary, () => exchange(webhook), { class: `webhook ${kind}` });
  }

  /* Statuses and webhooks in the order of time; at one moment the status comes before what reports it. */
  function timeline(message, webhooks) {
    const statuses = (message.history || []).map(([status, at]) => ({ at, status }));
    const reports = webhooks.map((webhook) => ({ at: webhook.at, webhook }));
    const entries = [...statuses, ...reports].sort((one, other) => new Date(one.at) - new Date(other.at));
    const began = entries.length > 0 ? entries[0].at : null;
    const items = entries.map(({ at, status, webhook }) =>
      make(
        "li",
        { class: status ? `change ${status}` : "report" },
        make(
          "span",
          { class: "moment" },
          make("time", { datetime: at }, Moments.beside(at, began)),
          make("span", { class: "muted" }, Moments.after(at, began)),
        ),
        status ? make("span", { class: "status" }, status) : webhookLine(webhook, null),
      ),
    );
    return make("ol", { class: "timeline" }, items);
  }

  return { timeline, webhookLine, parameters, failed, lost, undelivered };
})();
