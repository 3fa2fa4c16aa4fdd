"use strict";
/* The live page: follows the server's traffic, and shows what time it is and what to do about it. */

(() => {
  const { make, foreign, count } = Dom;
  const PAGE = 500;
  /* How long to wait, in milliseconds, before asking the server again; and longer where it took its time to answer. */
  const PAUSE = 250;
  const RESPITE = 4;

  const by = (id) => document.getElementById(id);
  let limit = PAGE;
  let most = 0;

  // The traffic

  let asking = false;
  let again = false;

  /* Fetches what is new and shows it: one call at a time, and the last news always. */
  async function refresh() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    const began = performance.now();
    const snapshot = await Server.ask(`snapshot?limit=${limit}`).catch(() => null);
    setTimeout(resume, Math.max(PAUSE, RESPITE * (performance.now() - began)));
    by("trouble").textContent = snapshot ? "" : "The server does not answer.";
    if (snapshot) show(snapshot);
  }

  function resume() {
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  function show(snapshot) {
    showTime(snapshot);
    Inbox.show(snapshot);
    showStopped(snapshot);
    Controls.showRules(snapshot.rules || []);
    const known = (snapshot.messages || []).length;
    const all = count(snapshot.total, "message");
    by("found").textContent = known < snapshot.total ? `The newest ${known} of ${all}` : all;
    by("earlier").hidden = known >= snapshot.total;
    by("earlier").textContent = `Show ${Math.min(PAGE, snapshot.total - known)} earlier`;
  }

  function showTime({ now, in_flight: flight, is_moving: moving }) {
    by("clock").textContent = Moments.time(now).slice(0, 8);
    by("clock").dateTime = now;
    by("day").textContent = Moments.day(now);
    by("flight").textContent = `${moving ? "Time is moving; " : ""}${count(flight, "message")} in flight`;
    by("flight").classList.toggle("moving", moving);
    most = moving ? Math.max(most, flight) : 0;
    const progress = by("progress");
    progress.hidden = !moving || most < 2;
    progress.max = Math.max(1, most);
    progress.value = most - flight;
  }

  const hostOf = (url) => (URL.canParse(url) ? new URL(url).host : url);

  /* The webhooks that were not delivered, grouped by the advice on how to deliver them. */
  function showStopped(snapshot) {
    const reasons = new Map();
    for (const webhook of (snapshot.webhooks || []).filter(Timelines.undelivered)) {
      const reason = `${hostOf(webhook.url)}: ${webhook.outcome}`;
      reasons.set(reason, (reasons.get(reason) || 0) + 1);
    }
    by("stopped").hidden = reasons.size === 0;
    by("stopped-list").replaceChildren(
      ...[...reasons].map(([reason, number]) => make("li", {}, make("b", {}, count(number, "webhook")), " to ", foreign(reason))),
    );
  }

  // The account

  async function showCredentials() {
    const status = await Server.ask("");
    const rows = [
      ["URL", status.url],
      ["Account SID", status.account_sid],
      ["Auth token", status.auth_token],
      ["API key", status.api_key],
      ["API secret", status.api_secret],
    ];
    Inbox.connect(status);
    by("credentials").replaceChildren(
      ...rows.flatMap(([name, value]) => [
        make("dt", {}, name),
        make("dd", {}, make("code", {}, value), Dom.copier(value, name)),
      ]),
    );
  }

  Appearance.start();
  Controls.start(refresh);
  by("search").addEventListener("input", Inbox.redraw);
  by("earlier").addEventListener("click", () => {
    limit += PAGE;
    refresh();
  });
  by("refused").addEventListener("click", Inbox.toggleRefused);
  showCredentials().catch(() => {});
  refresh();
  Server.follow(
    (time) => {
      if (time) showTime(time);
      refresh();
    },
    () => (by("trouble").textContent = "The connection was lost. Trying again."),
  );
})();
