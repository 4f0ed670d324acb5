// Local times beside UTC, a word when live updates fail, and `/` for the search. Everything can be read without this.
(() => {
  const shape = new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  });
  const localise = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (moment.getTimezoneOffset() === 0) continue; // UTC says it all
      const local = shape.format(moment);
      if (time.dataset.local !== local) time.dataset.local = local;
    }
  };
  localise();
  document.addEventListener("htmx:after:swap", localise);
  const stale = (is) => { document.getElementById("stale").hidden = !is; };
  document.addEventListener("htmx:after:request", (event) => stale(event.detail.ctx.response.status >= 400));
  document.addEventListener("htmx:error", () => stale(true));
  document.addEventListener("input", (event) => event.target.parentElement.querySelector(".wrong")?.remove());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    document.getElementById("search").focus();
  });
})();
