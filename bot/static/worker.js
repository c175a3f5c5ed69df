/*
 * Opens the page without a connection. It keeps the page's frame and its files, which are the same
 * for everybody, and nothing else: what is said in the chat is never kept here.
 */

// The server fills in the addresses with their versions, and a name that changes with them.
const FILES = [];
const CACHE = "";
const PAGE = "/chat";

async function kept(address) {
  const cache = await caches.open(CACHE);
  // One frame serves every language: its script speaks them all.
  return cache.match(address, { ignoreVary: true });
}

async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.status < 500) return answer;
    return (await kept(PAGE)) ?? answer;
  } catch (error) {
    const frame = await kept(PAGE);
    if (frame) return frame;
    throw error;
  }
}

async function file(request) {
  return (await kept(request.url)) ?? fetch(request);
}

self.addEventListener("install", (event) => {
  const fetched = caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...FILES]));
  event.waitUntil(fetched.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== CACHE));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (FILES.includes(pathname + search)) event.respondWith(file(request));
});
