// The server adds uplot.js from its package.
export { default } from 'uplot';
