exports.part = "beside it";
