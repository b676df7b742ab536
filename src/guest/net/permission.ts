/** Whether the app has egress at all. If not, every outgoing connection fails at once with a sentence that says so, but for those to functions of the app itself. */
export interface Permission {
  egress: boolean;
}
