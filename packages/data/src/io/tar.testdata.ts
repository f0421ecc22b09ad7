/**
 * Archives of Python's tarfile, gzip in base64: short.txt `one`, p x 60 / q x 80 .jpg with 600 times x, l x 300 .jpg `two`
 * (not in ustar), Grüße/über.jpg empty, a folder, a link with a long target, and last `end`.
 */
export const ustarByPython = [
  'H4sIAAAAAAACA+3XSw6CMBAG4B6FE0hflCN4Dgz1SQBLTfA0XoQdF7OamChxQ7Q1yP9t2nQziz8zmTbbytiFbS3xhzpKyvvpDE9H',
  'PN1v76kSikSUBHBqbGZcSTJPVakJzNfxyxb7ejOy/xkT9LX/ZSIkm3j/1x8ImH8L4AEm6zQsTd/1Fx333Uqbd8M7yP43uDNOFcf+',
  'F8K6KnJtYq81RudPU84SEiXI37tiVx581xidv5CUpyTiZ2+Q/yP/rLG/z3/4/1eKS8z/EHSZYwkCAAAAAAAAAAAA+ENX23AaagAo',
  'AAA=',
].join('');
export const gnuByPython = [
  'H4sIAAAAAAACA+3ZS27CMBgEYB/FJ4hfsb3tjkVzCSpc+kAxdVyVnoaLsMvFSFmgNlQCWuxWeL6No2yQ+DP2ELoHH2IVV5Gkwwem',
  'rnfrYLwO1Kfrj/tWW0MoJxm8dnEaKCWF8q0jUK6KVeym8e28eWyfE+b/m9zvMy+lHOffakFog/wnt/wF9nJh1dNyjkhe3fyPnP9C',
  'KP41/0ppzXH+57ACSAA7K/rfqf2vNuKw/xn0vxwWcLJrrKc5vrez3/8oaQ36XxbxzeMQLNgk9Jt+7Vi/uXMh0QZ3PP+jayG5lMh/',
  'Dvd+MXOBJf2Ms+fPrdCaUI35F/L+1x72/2H+t5h/cu//Es7lbP0/Xex/vv8rI40gVOZ41Er//T/t4t/Pf/z/v9GmRv/LwbUzbIIA',
  'AAXaAlC1ty4AKAAA',
].join('');
export const paxByPython = [
  'H4sIAAAAAAACA+3aT07CQByG4a49RU/Qzp92cENwh0uvUKSCWlosNdbTeBF2XMwiJgQICtEZ0L7PBsJmEqbffD9KgzAIr26S+jpN',
  'hmnpWSFW9r0KodT6/fJzKaQxnj/yHHieVUnZLO+1k7z0b4vJJM2r7igrBkl24aFFZuOirIKqriyusQy1iaL9+Rd6M/+iY3STf0H+',
  'rSvylBC0WHAG/a+03u5/JbXn1+Tffv/HsT9NqnF3+gPh0y8LHqYjBhEXXGz7N/0vpRab+dfaSEH/u1ADFnCyMv8dOv9FnZ37P0oJ',
  '5j8XtIxW81+Gg/2j8dTF13X0/R+thWL+c6J6KShB+v+0///o3f6X9L8Tyqzqv18u5ou3NFzMB2nJ7ZfW6Je9Xhr2PjfdXv6/7n+x',
  'm/8O/e/CXZE1535odY2j9190lIw9P2b/W9H/an1trPMf0/8uSBP52X3++DEEvJ4lJhGbv/+bvbe9xtHnvzZaSc9XLq6uluc/S2bV',
  '6fd/+/kfY1TE/OdCmg85BAEAAAAAAAAAAAAAAADgD3oHodYlNQBQAAA=',
].join('');
