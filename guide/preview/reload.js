// Only in the preview: reload the page when the site was built again, and show what failed.
(() => {
  const loaded = document.currentScript.dataset.version;
  let box;
  const show = (lines) => {
    box?.remove();
    box = undefined;
    if (!lines.length) return;
    box = document.createElement("pre");
    box.id = "preview-failed";
    box.setAttribute("role", "alert");
    box.textContent = lines.join("\n");
    Object.assign(box.style, {
      position: "fixed", inset: "auto 0 0 0", zIndex: 9999, margin: 0, padding: "1rem", maxHeight: "50vh",
      overflow: "auto", whiteSpace: "pre-wrap", background: "#7a1020", color: "#fff", border: 0,
    });
    document.body.append(box);
  };
  new EventSource("/_preview/events").onmessage = (event) => {
    const { version, failed } = JSON.parse(event.data);
    if (version !== loaded) location.reload();
    else show(failed);
  };
})();
