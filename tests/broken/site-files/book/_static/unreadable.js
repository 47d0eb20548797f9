"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key === "/" {
    open();
  }
});
