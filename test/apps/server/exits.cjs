console.error("there is no database");
process.exit(3);
