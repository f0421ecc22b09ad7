import { describe, expect, it } from 'vitest';
import { parseLabels } from './labelList';

const two = [
  ['a/1.png', 3],
  ['b.png', 0],
];

describe('parseLabels', () => {
  it.each([
    ['dataset.json', '{"labels": [["a/1.png", 3], ["b.png", 0]]}'],
    ['labels.json', '[["./a/1.png", 3], ["b.png", 0]]'],
    ['labels.json', '{"a\\\\1.png": 3, "b.png": "0"}'],
    ['labels.json', '[{"file": "a/1.png", "label": 3}, {"file": "b.png", "label": 0}]'],
    [
      'metadata.jsonl',
      '{"file_name": "a/1.png", "label": 3}\n\n{"file_name": "b.png", "label": 0, "x": []}\n',
    ],
    ['labels.csv', 'a/1.png,3\r\nb.png,0\r\n'],
    ['labels.csv', '\uFEFFid,Label,FILE\n7,3,a/1.png\n8,0,b.png'],
    ['labels.csv', 'file,label\n"a/1.png","3"\n"b.png",0'],
  ])('reads %s: %s', (name, text) => {
    const list = parseLabels(name, text);
    expect([...(list?.labels ?? [])]).toEqual(two);
    expect(list?.classNames).toBeUndefined();
  });
  it('sorts classes that are words', () => {
    const list = parseLabels('labels.csv', 'x,wren\n"y,""z""",owl\nw,wren');
    expect(list?.classNames).toEqual(['owl', 'wren']);
    expect([...(list?.labels ?? [])]).toEqual([
      ['x', 1],
      ['y,"z"', 0],
      ['w', 1],
    ]);
  });
  it('knows a list that says that there are no labels', () => {
    expect(parseLabels('dataset.json', '{"labels": null}')).toBeNull();
  });
  it.each([
    ['labels.json', '{"labels": ', 'got an error in its JSON'],
    ['labels.json', '7', 'got 7.'],
    ['labels.json', '[1]', 'got 1.'],
    ['labels.json', '[["a.png", -1]]', 'got the label -1.'],
    ['labels.json', '[["a.png", [0, 1]]]', 'got the label [0,1].'],
    ['labels.json', '[["a.png", null]]', 'got the label null.'],
    ['labels.json', '[[7, 1]]', 'got the file 7.'],
    ['labels.csv', 'a.png', 'got one column in row 1.'],
    ['x.jsonl', '{"label": 1}', 'got {"label":1}.'],
  ])('answers %s %s with a sentence', (name, text, problem) => {
    expect(() => parseLabels(name, text)).toThrow(`parseLabels: ${name} must list files and labels, `);
    expect(() => parseLabels(name, text)).toThrow(problem);
  });
});
