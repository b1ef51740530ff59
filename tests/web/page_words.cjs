// What the page's words make of things, as lines of JSON:
//   node page_words.cjs page_words.js [MORE.js …] < CALLS
// where CALLS is [[LANGUAGE, FUNCTION, ...ARGUMENTS], …]; LANGUAGE is "" for what has none.
const { readFileSync } = require("node:fs");
const vm = require("node:vm");

const context = vm.createContext({});
for (const script of process.argv.slice(2)) vm.runInContext(readFileSync(script, "utf8"), context);
for (const [language, name, ...given] of JSON.parse(readFileSync(0, "utf8"))) {
  const found = language ? `wordsOf(${JSON.stringify(language)}, ${JSON.stringify(language)})` : "";
  const call = `${found ? `${found}.` : ""}${name}(...${JSON.stringify(given)})`;
  console.log(JSON.stringify(vm.runInContext(call, context) ?? null));
}
