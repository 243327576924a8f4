// node rust_ids.mjs CASES.json > IDS.json
// CASES: [{file, texts}, ...], file as a tokenizer.json has it; ids by the Rust tokenizers alone: [[[id, ...], ...], ...].
// Needs `npm install tokenizers@0.23.2` in a folder that NODE_PATH names.
import fs from 'fs';
import path from 'path';
import {createRequire} from 'module';

const require = createRequire(path.join(process.env.NODE_PATH || process.cwd(), 'x.js'));
const {Tokenizer} = require('tokenizers');
const out = [];
for (const {file, texts} of JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))) {
  const made = process.argv[2] + '.tokenizer.json';
  fs.writeFileSync(made, JSON.stringify(file));
  const tokenizer = Tokenizer.fromFile(made), ids = [];
  for (const text of texts) ids.push((await tokenizer.encode(text)).getIds());
  out.push(ids);
}
console.log(JSON.stringify(out));
