/** How the names of cookies of the dashboard's sessions begin; the port follows. The gateway sets none for functions. */
export const SESSION_COOKIE = "mayfly-session-";
