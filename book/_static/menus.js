// The menus and buttons of the header. A menu opens on click; Escape, a click elsewhere or a lost focus closes it.
document.addEventListener("DOMContentLoaded", () => {
  const toggles = document.querySelectorAll('[data-bs-toggle="dropdown"]');
  const set = (toggle, open) => {
    toggle.setAttribute("aria-expanded", String(open));
    toggle.parentElement.querySelector(".dropdown-menu").classList.toggle("show", open);
  };
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      toggles.forEach((other) => set(other, other === toggle && open));
    });
    toggle.parentElement.addEventListener("focusout", (event) => {
      if (!toggle.parentElement.contains(event.relatedTarget)) set(toggle, false);
    });
    toggle.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      set(toggle, false);
      toggle.focus();
    });
  }
  document.addEventListener("click", (event) => {
    toggles.forEach((toggle) => toggle.parentElement.contains(event.target) || set(toggle, false));
  });
  const does = { print: () => window.print(), copyPage };
  document.querySelectorAll("[data-does]").forEach((button) => {
    button.addEventListener("click", () => does[button.dataset.does](button));
  });
});

// Copy the page's Markdown to the clipboard; if that is not possible, as on a page from disk, show it.
async function copyPage(button) {
  const words = button.textContent;
  try {
    const answer = await fetch(button.dataset.page);
    if (!answer.ok) throw new Error(answer.statusText);
    await navigator.clipboard.writeText(await answer.text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 2000);
  } catch {
    location.assign(button.dataset.page);
  }
}
