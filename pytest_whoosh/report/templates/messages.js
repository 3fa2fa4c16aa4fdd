"use strict";
/* One message: its bubble, how it fared, and its story to unfold. */

const Messages = (() => {
  const { make, icon, foreign, count } = Dom;

  const TICKS = {
    accepted: "clock",
    scheduled: "clock",
    queued: "clock",
    sending: "clock",
    sent: "tick",
    delivered: "ticks",
    read: "ticks",
    failed: "alert",
    undelivered: "alert",
    canceled: "cross",
  };
  const KINDS = {
    accepted: "pending",
    scheduled: "pending",
    queued: "pending",
    sending: "pending",
    failed: "lost",
    undelivered: "lost",
    canceled: "lost",
  };
  const MEDIA = { image: "image", video: "video", audio: "sound" };

  /* When a message stands in the conversation: as it reached the handset, or else as it came no further. */
  function momentOf(message) {
    if (message.status === "scheduled" && message.send_at) return message.send_at;
    const history = message.history || [];
    const arrived = KINDS[message.status] ? [] : ["delivered", "sent", "received"];
    const change = arrived.map((wanted) => history.find(([status]) => status === wanted)).find(Boolean);
    return (change || history[history.length - 1] || [])[1];
  }

  function price(message) {
    if (!message.price) return null;
    const amount = message.price.replace(/^-/, "");
    return message.unit === "USD" ? `$${amount}` : `${amount} ${message.unit || ""}`;
  }

  const size = (message) =>
    message.encoding && message.num_segments ? `${message.encoding}, ${count(message.num_segments, "segment")}` : null;

  const webhooksOf = (snapshot, message) => (message.webhooks || []).map((index) => snapshot.webhooks[index]);

  function tile(file) {
    const [kind] = (file.type || "").split("/");
    const name = file.url.split(/[?#]/)[0].split("/").pop() || file.url;
    return make(
      "div",
      { class: "tile" },
      icon(MEDIA[kind] || "file"),
      make("span", { class: "tile-text" }, Dom.link(file.url, foreign(name)), make("small", {}, file.type || "a file")),
    );
  }

  function tags(message) {
    const words = [message.deleted && "deleted since", message.redacted && "redacted since"].filter(Boolean);
    return words.map((word) => make("span", { class: "tag" }, word));
  }

  function error(problem) {
    return make(
      "p",
      { class: "message-error" },
      problem.url ? Dom.link(problem.url, String(problem.code)) : String(problem.code),
      " ",
      problem.title || "",
    );
  }

  function facts(message, options) {
    const sid = make("code", {}, message.sid);
    const rows = [
      ["SID", options.href ? make("a", { href: options.href(message) }, sid) : sid],
      ["From", message.from ? foreign(message.from) : "chosen when it is sent"],
      ["To", foreign(message.to)],
      ["Size", size(message)],
      ["Price", price(message)],
      ["Scheduled for", message.send_at && `${Moments.date(message.send_at)} ${Moments.time(message.send_at)} UTC`],
      ["Service", message.service && make("code", {}, message.service)],
      ...(message.links || []).map(([text, target]) => [foreign(text), ["leads to ", Dom.link(target, foreign(target))]]),
      ["No webhook", message.no_webhook && foreign(message.no_webhook)],
    ].filter(([, value]) => value);
    return make(
      "dl",
      { class: "facts" },
      rows.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
    );
  }

  function posted(message) {
    if (!message.posted) return null;
    const summary = make("summary", {}, "Posted by the app");
    return Dom.unfolding(summary, () => Timelines.parameters(message.posted), { class: "posted" });
  }

  function story(snapshot, message, options) {
    return make(
      "div",
      { class: "story" },
      Timelines.timeline(message, webhooksOf(snapshot, message)),
      facts(message, options),
      posted(message),
      message.forced ? make("h5", {}, "What forces UCS-2") : null,
      Bodies.forcing(message),
    );
  }

  function status(message) {
    const mark = message.in ? null : icon(TICKS[message.status] || "clock");
    return make("span", { class: `status ${message.status}` }, mark, message.status);
  }

  function meta(snapshot, message, at) {
    const webhooks = webhooksOf(snapshot, message);
    const troubles = [
      [webhooks.filter(Timelines.failed).length, "failed"],
      [webhooks.filter(Timelines.lost).length, "lost"],
    ].filter(([number]) => number > 0);
    const several = message.num_segments > 1 || message.encoding === "UCS-2";
    return make(
      "summary",
      { class: "meta" },
      at ? make("time", { datetime: at }, Moments.time(at)) : null,
      status(message),
      several ? make("span", { class: "size" }, size(message)) : null,
      price(message) ? make("span", { class: "price" }, price(message)) : null,
      tags(message),
      troubles.map(([number, what]) =>
        make("span", { class: "trouble" }, icon("alert"), `${count(number, "webhook")} ${what}`),
      ),
    );
  }

  /* What is seen of the facts while the story is folded: where links lead, and why nobody heard of a message. */
  function asides(message) {
    const links = (message.links || []).map(([text, target]) =>
      make("p", {}, foreign(text), " leads to ", Dom.link(target, foreign(target))),
    );
    const silent = message.no_webhook ? make("p", { class: "silent" }, "no webhook: ", foreign(message.no_webhook)) : null;
    return links.length > 0 || silent ? make("div", { class: "asides" }, links, silent) : null;
  }

  function bubble(message) {
    const files = (message.media || []).map(tile);
    const text = message.body ? Bodies.render(message) : null;
    const empty = files.length === 0 && !text ? make("em", { class: "muted" }, "no text") : null;
    return make("div", { class: "bubble" }, files, text, empty);
  }

  /* The message as an element: its bubble, and below it what there is to know about it. */
  function render(snapshot, { message, at }, options) {
    const kind = KINDS[message.status] || "arrived";
    const forcing = message.encoding === "UCS-2" ? Bodies.forcing(message) : null;
    return make(
      "article",
      {
        class: `message ${message.in ? "from-person" : "from-app"} ${kind}`,
        "data-sid": message.sid,
        "aria-label": message.in ? `From ${message.from}` : `To ${message.to}, ${message.status}`,
      },
      bubble(message),
      Dom.unfolding(meta(snapshot, message, at), () => story(snapshot, message, options), { class: "about" }),
      message.error ? error(message.error) : null,
      asides(message),
      forcing ? make("div", { class: "only-segments" }, forcing) : null,
    );
  }

  return { render, status, momentOf, webhooksOf };
})();
