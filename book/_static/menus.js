// The header's menus and buttons. Menus open on click, close on Escape, on a click elsewhere and when left.
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
  const does = { print: () => window.print(), toggleFullScreen: () => window.toggleFullScreen() };
  document.querySelectorAll("[data-does]").forEach((button) => {
    button.addEventListener("click", does[button.dataset.does]);
  });
});
