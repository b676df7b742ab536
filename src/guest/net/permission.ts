/** Whether the app has egress at all; where not, everything fails at once with a sentence that says so. */
export interface Permission {
  egress: boolean;
}
