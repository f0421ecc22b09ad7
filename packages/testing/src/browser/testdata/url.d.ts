declare module '*?url' {
  const url: string;
  // eslint-disable-next-line no-restricted-syntax -- as bundlers give it
  export default url;
}
