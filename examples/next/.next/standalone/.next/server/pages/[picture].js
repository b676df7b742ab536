exports.render = ({ picture }) => `<h1>A picture: ${picture}</h1>`;
