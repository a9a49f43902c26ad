import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { displayWidth } from '../../src/render/display-width.ts';

const texts = [
  'plain',
  'Grüße · naïve — “quoted” … № Ω',
  '✓ ✗ → ▶ ○ │ └─ ███░░ » !',
  '漢字かな交じり文',
  '한국어',
  '🚀 🇩🇪 👩‍💻 👍🏽 ❤️ 1️⃣ ☕',
  'e\u0301 a\u0300\u0301',
  'zero\u200bwidth\ufeff',
  'हिन्दी',
  'ｈａｌｆ ｱｲｳ',
  '\u001b[31mred\u001b[0m 赤',
];

for (const text of texts) {
  test(`the width of ${JSON.stringify(text)} is what terminals make of it`, () => {
    assert.equal(displayWidth(text), stringWidth(text));
  });
}
