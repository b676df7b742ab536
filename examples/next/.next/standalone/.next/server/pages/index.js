exports.render = () => "<h1>The gallery</h1>";
