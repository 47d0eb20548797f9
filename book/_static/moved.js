// On the page of an address that led somewhere once: to where the section asked for is now, or else the page.
const asked = decodeURIComponent(location.hash.slice(1));
const links = [...document.querySelectorAll("a[data-from]")];
const link = links.find((one) => one.dataset.from === asked) ?? links[0];
location.replace(link.href);
